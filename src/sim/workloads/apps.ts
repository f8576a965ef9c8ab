import type { Process } from "../process/process.ts"
import type { Steps } from "../time/steps.ts"
import { MILLISECOND, type Workload } from "./workload.ts"

const DATABASE = "/usr/sbin/mysqld"
const PYTHON = "/usr/bin/python3"
const PORT = 3306
const QUERIES = ["SELECT * FROM hives", "UPDATE hives SET honey = 7", "SELECT COUNT(*) FROM bees"]
/** `COM_QUERY` of the database's protocol. */
const COM_QUERY = 3

/** The database does what a connection asks for. */
function* serve(thread: Process, fd: number): Steps<void> {
  for (let n = 0; (yield* thread.receive(fd, 1024)) > 0; n++) {
    yield* thread.withText(QUERIES[n % QUERIES.length], function* (query) {
      yield* thread.probe(DATABASE, "mysql:query__start", [query, fd, 0, 0, 0])
      const dispatch = "_Z16dispatch_command19enum_server_commandP3THDPcj"
      const work = () => thread.compute(thread.random(1, 5) * MILLISECOND)
      yield* thread.call(DATABASE, dispatch, [COM_QUERY, 0, query, 24], work)
      yield* thread.probe(DATABASE, "mysql:query__done", [0])
    })
    yield* thread.send(fd, 200)
  }
  yield* thread.close(fd)
}

/** A function of a Python program. */
function* python<T>(process: Process, name: string, line: number, body: () => Steps<T>): Steps<T> {
  return yield* process.withText("/srv/bees/app.py", file =>
    process.withText(name, function* (text) {
      yield* process.probe(PYTHON, "python:function__entry", [file, text, line])
      const result = yield* body()
      yield* process.probe(PYTHON, "python:function__return", [file, text, line])
      return result
    }),
  )
}

/** A program in Python that asks a database; both have static probes. */
export const apps: Workload = {
  name: "apps",
  about: "a program in Python asks a database, both with static probes (USDT)",
  start(system) {
    system.spawn("mysqld", function* (server) {
      const listener = yield* server.listen(PORT)
      for (;;) {
        const fd = yield* server.accept(listener)
        yield* server.thread(thread => serve(thread, fd))
      }
    })
    system.spawn({ comm: "python3", uid: 1000 }, function* (app) {
      for (let n = 1; ; n++) {
        const fd = yield* app.connect(PORT)
        if (fd >= 0) {
          yield* python(app, "load_hives", 42, function* () {
            yield* app.send(fd, "query")
            yield* app.receive(fd, 4096)
          })
          yield* app.close(fd)
        }
        yield* python(app, "render", 57, () => app.compute(app.random(200, 900) * 1000))
        if (n % 4 === 0) {
          yield* app.probe(PYTHON, "python:gc__start", [n % 3])
          yield* app.compute(300_000)
          yield* app.probe(PYTHON, "python:gc__done", [17])
        }
        yield* app.sleep(app.random(20, 80) * MILLISECOND)
      }
    })
  },
}
