export { explainRefusal } from "./explain.ts"
export { splitLog, type VerifierReport } from "./report.ts"
export type { Explanation } from "./rule.ts"
