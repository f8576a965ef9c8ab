import { element } from "./element.ts"

const ROW = 18
const LABEL = 150
const WIDTH = 560

const SVG = "http://www.w3.org/2000/svg"

function svg(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): Element {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  made.textContent = text
  return made
}

/** Bars beside each other's labels, for the counts of a histogram's slots. */
export function bars(rows: readonly (readonly [label: string, count: number])[]): Element {
  const most = Math.max(1, ...rows.map(([, count]) => count))
  const plot = svg("svg", { viewBox: `0 0 ${WIDTH} ${ROW * rows.length}`, width: WIDTH, height: ROW * rows.length })
  for (const [i, [label, count]] of rows.entries()) {
    const y = i * ROW
    const width = (count / most) * (WIDTH - LABEL - 60)
    plot.append(svg("text", { x: LABEL - 8, y: y + 13, "text-anchor": "end" }, label))
    plot.append(svg("rect", { x: LABEL, y: y + 3, width, height: ROW - 6, rx: 2 }))
    plot.append(svg("text", { x: LABEL + width + 6, y: y + 13 }, count.toLocaleString("en")))
  }
  return plot
}

/** A table of texts; columns of numbers are aligned to the right. */
export function table(heads: readonly string[], rows: readonly (readonly unknown[])[]): HTMLElement {
  const cell = (value: unknown): HTMLElement => {
    const number = typeof value === "number" || typeof value === "bigint"
    return element("td", number ? { class: "number" } : {}, number ? value.toLocaleString("en") : String(value))
  }
  return element(
    "table",
    {},
    element("tr", {}, ...heads.map(head => element("th", {}, head))),
    ...rows.map(row => element("tr", {}, ...row.map(cell))),
  )
}
