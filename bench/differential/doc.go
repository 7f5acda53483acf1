// Differential holds weir against libseccomp, driven as runc drives it, and
// against the plain evaluator of package plain.
//
// A case is a profile and the facts that it is resolved against: Docker's
// default and Podman's under many capabilities, kernels and architectures, older
// shapes, and profiles made at random from a seed; and Docker's default under more
// than 40 million calls that do not care for its rules. For each case, a few thousand
// calls are answered four times: by the program that weir compiles, by weir's
// policy, by the plain evaluator, and by libseccomp's program. The first three
// must agree on every call. The fourth may differ in the ways that the
// documentation of package policy lists, and each difference is proved to be one
// of them:
//
//   - conflict, width, multiplexed, names: the plain evaluator, told to do this
//     one thing as libseccomp does (or these few), gives libseccomp's answer;
//   - contradiction: libseccomp's answer is that of none of the rules that match
//     when it compiles each of them alone;
//   - no peer: libseccomp refuses the profile, does not return, or runc does not
//     ask it. There only the first three are compared.
//
// Anything else fails, with the profile and the call. So does a class that no
// case fell into: then the cases have lost their teeth.
package main
