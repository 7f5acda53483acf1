// Package compile turns a policy into a program: the shortest and shallowest
// classic BPF that it finds in a tenth of a millisecond.
//
//	profile -> policy -> program -> filter
//
// [Program] is the call to start with; [Measure] says what a program costs. Same
// policy, same bytes. The program passes bpf's Check and returns for each of the
// 2^448 inputs what [policy.Policy.Eval] says. Package verify proves that, and
// shares nothing with this package. A number that always gets the same answer
// gets it through instructions that the kernel's emulator knows, so that every
// call that is always allowed is cached. The error is a [*TooLong] if the 4,096
// instructions that the kernel takes do not suffice; any other error means that
// the policy is not well formed.
//
// # How
//
// A list of rules becomes a graph of comparisons (expand.go): one value after the
// other, its range cut wherever a rule does, until nothing is left open. Where
// that grows out of bounds, the rules are tried as they stand (chain.go). Equal
// comparisons with equal outcomes are one node, across calls and ABIs.
//
// The numbers of an ABI are then a function of steps, from numbers to nodes, and
// so is every word of an argument. A tree of >= and == computes it (tree.go). Its
// cost is a price for each instruction plus the weighted sum of those executed.
// Dynamic programming finds, for rows of at most 20 neighbouring steps, the best
// of: a split in two rows; or one outcome, with up to 8 single values in the row
// compared before it (leaf.go). Longer rows are split near the middle of their
// weight, three places tried; what they are split into, and all rows within, are
// those that are looked at. That takes O(n) time and memory for n steps.
//
// Other ABIs lead into the native tree, at the deepest node that serves the whole
// row, where they do the same (share.go, reference.go): x32, its bit cleared,
// nearly everywhere; i386 from number 424 on. Last, the graph is written down
// backwards, so that each jump's target and distance are known (layout.go):
// returns out of reach are repeated, other nodes are reached through a jump.
//
// # How good
//
// The trees are not provably optimal. With all splits compared, rows within the
// window would be optimal among trees whose single values are compared last;
// splits are searched between those of the rows one step shorter, give or take
// one, which is exact for trees of splits alone (Knuth 1971). Against exhaustive
// search over all trees of >= and ==, small functions cost 0.2 % more on average
// (TestTreesAreNearTheOptimum). Trees are planned one ABI after the other, and
// what they share by equal nodes is not planned for. What is left out: tests of
// single bits of a number, and arithmetic that the emulator does not know.
package compile
