/** A test that ran in the guest: the names of the tests and suites around it, then its own. */
export type GuestTest = {
  type: "test"
  path: string[]
  skip?: string | boolean
  todo?: string | boolean
  error?: { message: string; stack: string }
}

/** What the guest says while it runs test files one after the other. */
export type GuestReport = { type: "file"; file: string } | GuestTest | { type: "end"; file: string; status: number }
