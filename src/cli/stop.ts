/** Resolves after some seconds, or when the user or the system asks the process to end. */
export function untilStopped(seconds: number | undefined): { readonly done: Promise<void>; stop(): void } {
  let stop = (): void => {}
  const done = new Promise<void>(resolve => {
    const timer = seconds === undefined ? undefined : setTimeout(() => stop(), seconds * 1000)
    // Without a timer something must keep the process alive until the signal.
    const alive = seconds === undefined ? setInterval(() => {}, 1 << 30) : undefined
    const onSignal = (): void => stop()
    for (const signal of SIGNALS) process.on(signal, onSignal)
    stop = () => {
      clearTimeout(timer)
      clearInterval(alive)
      for (const signal of SIGNALS) process.off(signal, onSignal)
      resolve()
    }
  })
  return { done, stop: () => stop() }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const
