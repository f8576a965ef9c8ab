import "./tracePipe.test.ts"
