import type { Core } from "../core.ts"
import { Skb } from "../packet/skb.ts"
import { Xdp } from "../packet/xdp.ts"
import { Run, type Runnable } from "../run.ts"
import { type CaptureStep, SkbStep, XdpStep } from "./step.ts"
import { verdictKind } from "./verdicts.ts"

/** In which order packets meet programs on their way in. */
const ORDER = ["xdp", "tc", "cgroup", "filter"] as const

/** Programs as packets meet them: XDP first, then traffic control, control groups and sockets; those of one kind as they are given. */
export function captureSteps(core: Core, programs: readonly Runnable[]): CaptureStep[] {
  const run = new Run(core)
  let skb: Skb | undefined
  let xdp: Xdp | undefined
  const steps = programs.map((program): CaptureStep => {
    if (verdictKind(program.type) === "xdp") return new XdpStep(run, program, (xdp ??= new Xdp(core.memory)))
    return new SkbStep(run, program, (skb ??= new Skb(core.memory)))
  })
  return inOrder(steps)
}

/** Steps of one kind stay in their order. */
export const inOrder = <S extends Pick<CaptureStep, "kind">>(steps: readonly S[]): S[] =>
  ORDER.flatMap(kind => steps.filter(step => step.kind === kind))
