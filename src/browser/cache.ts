/** Nothing is kept for the next start of a page. */
export const used: Set<string> = new Set()
