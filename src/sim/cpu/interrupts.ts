import type { KernelObject } from "../memory/object.ts"
import type { System } from "../system.ts"
import type { Steps } from "../time/steps.ts"

/** Numbers of the softirqs. Source: include/linux/interrupt.h. */
const SOFTIRQS = {
  HI: 0,
  TIMER: 1,
  NET_TX: 2,
  NET_RX: 3,
  BLOCK: 4,
  IRQ_POLL: 5,
  TASKLET: 6,
  SCHED: 7,
  HRTIMER: 8,
  RCU: 9,
} as const
/** Nanoseconds from one tick of a busy processor to the next: CONFIG_HZ=250. */
const TICK = 4_000_000
/** Vector of the local timer. */
const LOCAL_TIMER = 236

/** Interrupts of devices, of the local timers, and the softirqs behind them. */
export class Interrupts {
  readonly #system: System

  constructor(system: System) {
    this.#system = system
  }

  /** Begins the ticks of all processors. */
  start(): void {
    const { kernel } = this.#system
    for (const { index } of kernel.processors) {
      const tick = (): void => {
        kernel.after(TICK, tick)
        this.#tick(index)
      }
      kernel.after(TICK + index * 1_000_000, tick)
    }
  }

  /** A device interrupts a processor. */
  device(cpu: number, irq: number, name: string, action: KernelObject, body: () => void): void {
    const { kernel } = this.#system
    const frames = ["asm_common_interrupt", "common_interrupt", "handle_edge_irq", "handle_irq_event"]
    kernel.interrupt(cpu, frames, function* () {
      yield* kernel.call("__handle_irq_event_percpu", [], function* () {
        kernel.tracepoint(
          "irq:irq_handler_entry",
          () => ({ irq, name }),
          () => [irq, action],
        )
        yield kernel.between(800, 4000)
        kernel.tracepoint(
          "irq:irq_handler_exit",
          () => ({ irq, ret: 1 }),
          () => [irq, action, 1],
        )
      })
      body()
    })
  }

  /** A softirq runs, on top of what runs on the processor. */
  softirqAfter(cpu: number, name: keyof typeof SOFTIRQS, body: () => Steps<void>): void {
    const { kernel } = this.#system
    const vec = SOFTIRQS[name]
    kernel.on(cpu, () =>
      kernel.tracepoint(
        "irq:softirq_raise",
        () => ({ vec }),
        () => [vec],
      ),
    )
    kernel.interrupt(cpu, ["__irq_exit_rcu", "handle_softirqs"], function* () {
      kernel.tracepoint(
        "irq:softirq_entry",
        () => ({ vec }),
        () => [vec],
      )
      yield kernel.between(300, 900)
      yield* body()
      kernel.tracepoint(
        "irq:softirq_exit",
        () => ({ vec }),
        () => [vec],
      )
    })
  }

  /** A timer of high resolution rings on a processor. */
  timer(cpu: number, ring: () => void): void {
    const { kernel } = this.#system
    const frames = ["asm_sysvec_apic_timer_interrupt", "sysvec_apic_timer_interrupt", "hrtimer_interrupt"]
    kernel.interrupt(cpu, frames, function* () {
      kernel.tracepoint(
        "irq_vectors:local_timer_entry",
        () => ({ vector: LOCAL_TIMER }),
        () => [LOCAL_TIMER],
      )
      yield kernel.between(200, 700)
      kernel.tracepoint(
        "timer:hrtimer_expire_entry",
        () => ({ now: kernel.now() }),
        () => [0, kernel.now()],
      )
      ring()
      kernel.tracepoint(
        "timer:hrtimer_expire_exit",
        () => ({}),
        () => [0],
      )
      kernel.tracepoint(
        "irq_vectors:local_timer_exit",
        () => ({ vector: LOCAL_TIMER }),
        () => [LOCAL_TIMER],
      )
    })
  }

  #tick(index: number): void {
    const { kernel } = this.#system
    const cpu = kernel.processors[index]
    // A processor with nothing to do has no ticks (CONFIG_NO_HZ).
    if (cpu.asleep) return
    this.timer(index, () => {
      kernel.callNow("update_process_times", [1])
      const { object } = cpu.current
      object.add("utime", TICK)
      if (cpu.ready.length > 0 && kernel.now() - cpu.since >= TICK / 2) cpu.resched = true
    })
    this.softirqAfter(index, "TIMER", function* () {
      yield* kernel.call("run_timer_softirq", [], undefined, 300)
    })
    this.softirqAfter(index, "SCHED", function* () {
      yield kernel.between(400, 1200)
    })
    if (kernel.chance(40)) {
      this.softirqAfter(index, "RCU", function* () {
        yield* kernel.call("rcu_core", [], undefined, 700)
      })
    }
  }
}
