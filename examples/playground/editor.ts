import { byId, element } from "./element.ts"

/** What stands beside a line: how often it ran, or that it is at fault. */
export interface Marks {
  readonly hits?: ReadonlyMap<number, number>
  readonly fault?: number
}

/** The text of the program, and beside it the numbers of its lines or what is known of them. */
export class Editor {
  readonly #text = byId<HTMLTextAreaElement>("text")
  readonly #gutter = byId("gutter")
  #marks: Marks = {}

  /** `changed` is called when the user has changed the text. */
  constructor(changed: () => void) {
    this.#text.addEventListener("scroll", () => this.#follow())
    this.#text.addEventListener("input", () => {
      this.mark({})
      changed()
    })
    this.#text.addEventListener("keydown", event => {
      if (event.key !== "Tab" || event.shiftKey) return
      event.preventDefault()
      this.#text.setRangeText("    ", this.#text.selectionStart, this.#text.selectionEnd, "end")
    })
  }

  get text(): string {
    return this.#text.value
  }
  set text(text: string) {
    this.#text.value = text
    this.mark({})
  }

  mark(marks: Marks): void {
    this.#marks = marks
    const count = this.text.split("\n").length
    const lines = Array.from({ length: count }, (_, i) => this.#line(i + 1))
    this.#gutter.replaceChildren(...lines)
    this.#follow()
  }

  #line(line: number): HTMLElement {
    const { hits, fault } = this.#marks
    const ran = hits?.get(line)
    const kind = line === fault ? "fault" : ran === undefined ? "" : ran > 0 ? "ran" : "idle"
    const text = hits === undefined ? String(line) : ran === undefined ? "" : `${ran.toLocaleString("en")}×`
    return element("div", { class: kind }, text || "\u00a0")
  }

  #follow(): void {
    this.#gutter.scrollTop = this.#text.scrollTop
  }
}
