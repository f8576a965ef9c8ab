/** Parts of skep that this process used, by name: what is kept for the next start is made of them. */
export const used = new Set<string>()
