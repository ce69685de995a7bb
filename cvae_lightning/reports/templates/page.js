// Tables that are sorted by a click on a header, and tooltips of charts at once where the pointer is.
for (const table of document.querySelectorAll("table.sortable")) {
  const head = table.rows[0]
  const value = (row, column) => row.cells[column].textContent.trim()
  const number = text => (/^[-+]?[\d.,]/.test(text) ? parseFloat(text.replaceAll(",", "")) : NaN)
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)]
    if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1 // texts and empty cells after numbers
    return isNaN(x) ? a.localeCompare(b) : x - y
  }
  const sort = header => {
    const up = header.ariaSort !== "ascending", column = header.cellIndex
    for (const other of head.cells) other.removeAttribute("aria-sort")
    header.ariaSort = up ? "ascending" : "descending"
    const rows = [...table.rows].slice(1).sort((a, b) => compare(value(a, column), value(b, column)))
    for (const row of up ? rows : rows.reverse()) head.parentNode.append(row)
  }
  for (const header of head.cells) {
    header.tabIndex = 0
    header.onclick = () => sort(header)
    header.onkeydown = event => event.key === "Enter" && sort(header)
  }
}
for (const title of document.querySelectorAll("svg title")) {
  title.parentNode.dataset.tip = title.textContent
  title.parentNode.setAttribute("aria-label", title.textContent)
  title.remove() // the browser would show it a second time
}
const tip = Object.assign(document.createElement("div"), { id: "tip", hidden: true })
document.body.append(tip)
document.addEventListener("pointermove", event => {
  const shape = event.target.closest?.("[data-tip]")
  tip.hidden = !shape
  if (!shape) return
  tip.textContent = shape.dataset.tip
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 4)}px`
  tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 4)}px`
})
