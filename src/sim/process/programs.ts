import { userAddress } from "../kernel.ts"
import { fileKey } from "../places/attach.ts"
import type { Word } from "../places/word.ts"
import type { Steps } from "../time/steps.ts"
import { NetworkCalls } from "./network.ts"

/** A lock of a program that its threads share: `pthread_mutex_t`. */
export class UserMutex {
  /** Number of the thread that holds it; 0 when it is free. */
  owner = 0
  readonly address: bigint

  constructor(address: bigint) {
    this.address = address
  }
}

/** Functions of programs and libraries, and their static probes: places for uprobes and USDT. */
export abstract class ProgramCalls extends NetworkCalls {
  /** Gets memory of the C library, which asks the kernel for more now and then; its address. */
  *malloc(bytes: number): Steps<bigint> {
    return yield* this.call("libc.so.6", "malloc", [bytes], () => this.#malloc(bytes))
  }

  *#malloc(bytes: number): Steps<bigint> {
    if (bytes >= 131_072) yield* this.syscall("mmap", [0, bytes, 3, 0x22, -1, 0], () => 0x7f1200000000n)
    else if (this.random(0, 20) === 0) yield* this.syscall("brk", [0x555555900000n], () => 0x555555900000n)
    return 0x555555700000n + BigInt(this.random(0, 65_536) * 16)
  }

  /** Gives memory back to the C library. */
  *free(address: bigint): Steps<void> {
    yield* this.call("libc.so.6", "free", [address])
  }

  /** Looks for the address of a name, in `/etc/hosts`. */
  *lookup(host: string): Steps<void> {
    yield* this.withPath(host, name =>
      this.call("libc.so.6", "getaddrinfo", [name, 0, 0, this.buffer], () => this.#lookup()),
    )
  }

  *#lookup(): Steps<number> {
    const fd = yield* this.open("/etc/hosts")
    if (fd >= 0) {
      yield* this.read(fd, 4096)
      yield* this.close(fd)
    }
    yield this.random(40_000, 900_000)
    return 0
  }

  /** Reads a line that somebody types, as a shell does. */
  *readline(line: string): Steps<void> {
    yield* this.withPath(line, text =>
      this.call("/bin/bash", "readline", [0], function* () {
        yield 1000
        return text
      }),
    )
  }

  /** A static probe of a program is come by: `mysql:query__start`. Its arguments are where those of a function would be. */
  *probe(path: string, name: string, args: readonly Word[] = []): Steps<void> {
    const { places } = this.system.kernel
    places.user("usdt", `${fileKey(path)}:${name}`, userAddress(name), args, undefined, this.task)
    yield 60
  }

  /** Does something with a text in the memory of the process. */
  *withText<T>(text: string, body: (text: Word) => Steps<T>): Steps<T> {
    return yield* this.withPath(text, body)
  }

  /** Sends a text over a connection, encrypted by the library of OpenSSL. */
  *sslWrite(fd: number, text: string): Steps<number> {
    const bytes = this.fill(text)
    return yield* this.call("libssl.so", "SSL_write", [SSL, this.buffer, bytes], () => this.send(fd, text))
  }

  /** Receives bytes from a connection by the same library; how many. */
  *sslRead(fd: number, count: number): Steps<number> {
    return yield* this.call("libssl.so", "SSL_read", [SSL, this.buffer, count], () => this.receive(fd, count))
  }

  /** A lock for the threads of this process. */
  mutex(): UserMutex {
    return new UserMutex(0x555555600000n + BigInt(this.random(0, 4096) * 64))
  }

  /** Takes a lock; waits in the kernel while another thread holds it. */
  *lock(mutex: UserMutex): Steps<void> {
    yield* this.call("libpthread.so.0", "pthread_mutex_lock", [mutex.address], () => this.#lock(mutex))
  }

  *#lock(mutex: UserMutex): Steps<number> {
    while (mutex.owner !== 0) {
      yield* this.syscall("futex", [mutex.address, FUTEX_WAIT, 2, 0], () =>
        this.system.futex.wait(this.task, mutex.address, () => mutex.owner !== 0),
      )
    }
    mutex.owner = this.tid
    return 0
  }

  /** Gives a lock back. */
  *unlock(mutex: UserMutex): Steps<void> {
    yield* this.call("libpthread.so.0", "pthread_mutex_unlock", [mutex.address], () => this.#unlock(mutex))
  }

  *#unlock(mutex: UserMutex): Steps<number> {
    mutex.owner = 0
    const { futex } = this.system
    if (futex.isAwaited(mutex.address)) {
      yield* this.syscall("futex", [mutex.address, FUTEX_WAKE, 1], () => futex.wake(mutex.address, 1))
    }
    return 0
  }
}

/** The connection's object of the library: only its address is asked for. */
const SSL = 0x555555b00000n
/** `FUTEX_WAIT_PRIVATE`, `FUTEX_WAKE_PRIVATE`. */
const FUTEX_WAIT = 128
const FUTEX_WAKE = 129
