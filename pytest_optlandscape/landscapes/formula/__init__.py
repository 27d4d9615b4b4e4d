"""One formula on floats, arrays and tensors: evaluation, namespaces of functions, tracing, derivatives."""
