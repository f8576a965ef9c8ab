// What is tested on the machine's own kernel, once more on an older one: filters of clsact in place of tcx links, and actions.
await import("./network.test.ts")
