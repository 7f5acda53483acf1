// Package verify proves that a program does what a policy says, or shows an
// input on which it does not.
//
// In the pipeline
//
//	profile -> policy -> program -> filter
//
// it stands between the third noun and the fourth: no program is attached that
// [Program] has not called [Equal] to its policy. It shares nothing with package
// compile, so that a mistake there cannot hide here, and it takes programs of
// any origin.
//
// # Why Equal means equal
//
// An input is sixteen words of 32 bits: number, architecture, instruction
// pointer and six arguments. The proof follows the program from its first
// instruction with the set of all 2^512 inputs, and keeps for each register the
// exact function of the input that it holds. Three facts make the result hold
// for each of them.
//
// Nothing is left out. A jump divides the set into the inputs that go one way
// and those that go the other, and both are followed unless the one or the other
// is empty. Jumps go forward only, so each path ends, in a return. There the set
// is divided further, by the architectures, the rows, the rules and the
// conditions of the policy, until one return word is the policy's answer to all
// of a part; it is compared with the program's. The parts are the whole, so if
// no part disagrees, no input does.
// What a program does with nothing but the arguments is explored once for one list
// of rules, whichever numbers and architectures lead there (asked.go).
//
// Nothing is approximated. A set is a list of ranges for each word, and beside
// them the answers to tests of operations on words, such as word & mask ==
// number. Ranges are divided exactly. Whether some input satisfies ranges and
// answers together is decided by a search over the bits that the answers depend
// on, in which estimates serve only to leave branches that cannot succeed; when
// all those bits are chosen, every answer is known. That problem is NP-complete
// (masks can encode clauses), so the search, like all the rest, draws on the
// budget, and a proof whose budget is used up is [Undecided].
//
// Nothing is believed. A difference is reported only after the policy was
// evaluated and the program was run on the witness, and both gave what was
// expected. If they did not, the prover is at fault and says Undecided.
//
// # Any two of policy, program and stack
//
// [Compare] explores all parts of both sides, one after the other, each on the
// paths that the ones before have left: the programs of a stack from the newest
// to the oldest, whose words it merges as the kernel does, then the policy. At
// the end of a path both answers are known. A word that a program computes is
// taken value by value.
//
// # What is undecided
//
// Undecided is a refusal. Its reason is one of these: the kernel would not take
// the program; the budget, or the depth of recursion that the stack is given, is
// used up; the program shifts by a register that may hold 32 or more, which is
// not the same on all kernels; the policy is not total.
package verify
