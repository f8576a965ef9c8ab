import type { Process } from "../process/process.ts"
import type { Steps } from "../time/steps.ts"
import { MILLISECOND, SECOND, type Workload } from "./workload.ts"

const PORT = 22

/** One login: the privileged half of the server opens a terminal and hands it to the half that talks to the client. */
function* session(monitor: Process, connection: number): Steps<void> {
  const [here, there] = yield* monitor.socketPair()
  yield* monitor.fork(function* (talker) {
    const terminal = yield* talker.receiveFile(there)
    while ((yield* talker.receive(connection, 256)) > 0) {
      yield* talker.write(terminal, "echo\r\n")
      yield* talker.send(connection, "user@simulated:~$ ")
    }
    yield* talker.close(terminal)
  })
  yield* monitor.close(connection)
  const terminal = yield* monitor.open("/dev/pts/1", "both")
  yield* monitor.chmod("/dev/pts/1", 0o620)
  yield* monitor.sendFile(here, terminal)
  yield* monitor.wait()
}

/** Somebody logs in over IPv6, types, and leaves. */
export const login: Workload = {
  name: "login",
  about: "logins over IPv6, whose server hands terminals from process to process",
  start(system) {
    system.files.make("/dev/pts/1", 0o020620)
    system.spawn("sshd", function* (server) {
      const listener = yield* server.listen(PORT, { version: 6 })
      for (;;) {
        const connection = yield* server.accept(listener)
        yield* server.fork(monitor => session(monitor, connection))
        yield* server.close(connection)
      }
    })
    system.spawn({ comm: "ssh", uid: 1000 }, function* (ssh) {
      for (;;) {
        yield* ssh.sleep(ssh.random(100, 300) * MILLISECOND)
        const fd = yield* ssh.connect(PORT, 6)
        for (let keys = ssh.random(3, 9); fd >= 0 && keys > 0; keys--) {
          yield* ssh.send(fd, "w")
          yield* ssh.receive(fd, 256)
          yield* ssh.sleep(ssh.random(5, 40) * MILLISECOND)
        }
        if (fd >= 0) yield* ssh.close(fd)
        else yield* ssh.sleep(SECOND)
      }
    })
  },
}
