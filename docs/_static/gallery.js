// Add fields above the gallery of landscapes that hide the cards which do not match.
document.addEventListener("DOMContentLoaded", () => {
  const list = document.querySelector(".landscape-gallery");
  if (!list) return;
  const cards = [...list.children];
  const form = document.createElement("form");
  form.className = "gallery-search";
  form.setAttribute("role", "search");
  form.innerHTML =
    '<label>Words <input name="words" type="search" placeholder="valley multimodal"></label> ' +
    '<label>Dimension <input name="dim" type="number" min="1"></label> ' +
    '<label>Tag <select name="tag"><option value="">any</option></select></label> ' +
    '<output aria-live="polite"></output>';
  const tags = new Set(cards.flatMap((card) => card.dataset.tags.split(" ").filter(Boolean)));
  for (const tag of [...tags].sort()) form.elements.tag.add(new Option(tag, tag));

  function hasDimension(card, wanted) {
    return card.dataset.dimensions.split(" ").some((part) => {
      const [start, stop, step] = part.split(":").map(Number);
      if (stop === undefined) return start === wanted;
      return start <= wanted && wanted < stop && (wanted - start) % step === 0;
    });
  }

  function search() {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const dim = form.elements.dim.value;
    const tag = form.elements.tag.value;
    let shown = 0;
    for (const card of cards) {
      const matches =
        words.every((word) => card.dataset.words.includes(word)) &&
        (!dim || hasDimension(card, Number(dim))) &&
        (!tag || card.dataset.tags.split(" ").includes(tag));
      card.hidden = !matches;
      if (matches) shown += 1;
    }
    form.querySelector("output").textContent = `${shown} of ${cards.length} landscapes`;
  }

  // A link such as gallery.html?words=valley&dim=5 begins with that search.
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (["words", "dim", "tag"].includes(name)) form.elements[name].value = value;
  }
  form.addEventListener("input", search);
  form.addEventListener("submit", (event) => event.preventDefault());
  list.before(form);
  search();
});
