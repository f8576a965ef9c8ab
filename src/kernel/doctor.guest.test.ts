import "./doctor.test.ts"
