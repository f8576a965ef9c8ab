await import("./doctor.test.ts")

export {}
