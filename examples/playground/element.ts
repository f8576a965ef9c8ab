/** The element of the page with an id. */
export function byId<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found as E
}

/** A new element with what is in it: texts are not markup. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...inside: (Node | string)[]
): HTMLElement {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...inside)
  return made
}
