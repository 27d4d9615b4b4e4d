"""stub"""
from __future__ import annotations
from pytest_optlandscape.figures import Figure
from pytest_optlandscape.report.page.content import Picture
def _f(name):
    return Figure('<svg class="optlandscape" viewBox="0 0 700 120" width="700" height="120"><title>'+name+'</title><rect width="90" height="80" class="now-area"><title>mark 1</title></rect><rect x="200" width="90" height="80" class="worse"><title>mark 2</title></rect></svg>', name, "desc", ("a","b"), ((1,2),(3,4)))
def profiles(runtimes, change):
    return (Picture("ECDF", _f("ecdf")),), "rho words"
def effects(landscapes, change, most=None):
    return Picture("effects", _f("effects"))
def heat_map(states, columns, names, accepted, most_states, total=None):
    return Picture("heat", _f("heat"))
def time_line(trend, means):
    return Picture("time", _f("time"))
def contour(one, change, pair, why):
    return None
def gaps(one, change):
    return Picture("gaps", _f("gaps"))
def basins(one, change):
    return None
