/**
 * What a process leaves in the kernel when it ends. Descriptors close by themselves, however the process dies; the few
 * things that do not (events in kprobe_events) are kept here and undone when the process exits or is told to.
 */

const lasting = new Set<() => void>()

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * Runs `undo` when the process exits, throws out of its top, or gets SIGINT, SIGTERM or SIGHUP, unless the function
 * returned here is called before: that one does it at once. Signals are listened to only while something is kept.
 */
export function keepUntilExit(undo: () => void): () => void {
  if (lasting.size === 0) {
    process.on("exit", undoAll)
    for (const signal of SIGNALS) process.on(signal, onSignal)
  }
  lasting.add(undo)
  return () => {
    if (!lasting.delete(undo)) return
    if (lasting.size === 0) stopListening()
    undo()
  }
}

function stopListening(): void {
  process.off("exit", undoAll)
  for (const signal of SIGNALS) process.off(signal, onSignal)
}

function undoAll(): void {
  // The newest first, as nested `using` would do it.
  const all = [...lasting].reverse()
  lasting.clear()
  stopListening()
  for (const undo of all) {
    try {
      undo()
    } catch {
      // The process ends: the others still have their turn.
    }
  }
}

/** Without a listener of the program's own the signal ends the process, as it would without ours. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return
  undoAll()
  process.kill(process.pid, signal)
}
