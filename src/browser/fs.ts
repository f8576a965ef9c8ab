/** No file is there. Reading one says so. */
export const existsSync = (): boolean => false
