await import("./tracePipe.test.ts")

export {}
