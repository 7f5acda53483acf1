// Package decompile reads programs back: from filters to the policy that they
// are, and to a profile that says the same.
//
//	profile  ->  policy  ->  program  ->  filter
//	         <-          <-           <-
//
// Start with [Filters]. It takes programs of any origin, and goes by what they
// answer, not by how: a call gets the same rules back whether a program tries
// one number after another, computes the answer, or keeps parts of it in scratch
// memory.
//
// For each call of each architecture all paths of the programs are followed at
// once, with every bit of the arguments open. What comes out is a decision
// diagram over these bits, the same one for all programs with the same answers.
// Its parts become conditions: equalities, orders, masks, as few as will do.
//
// # What is promised
//
// Nothing is guessed. A profile is read back, resolved, and compared with the
// programs by package verify, which shares nothing with this one: it is equal on
// every possible call, or each kind of difference is a [Loss] with a call as
// witness. What a profile cannot say are, above all, answers to architectures that
// it does not list, which are always to kill the thread; answers to numbers that
// are no call's; and answers that depend on bits of an argument that the kernel
// ignores.
//
// What would take more steps than the budget allows is undecided, and said to be.
package decompile
