// Package engines predicts what runc and crun make of a profile: which filter
// they attach with libseccomp, and whether their init gets as far as the
// container's program under it.
//
// It is a model of three readers, one after the other. [Hand] is Docker or
// containerd, which make of a profile the document that an engine is given.
// [Predict] is the engine, which drops and splits rules, and libseccomp, whose
// decisions about rules of one call are those of its documentation and of
// experiments, not weir's own. The result is a policy like any other, so that it
// can be compared with weir's meaning of the profile, or with the filter of a
// real container.
//
// What is not certain is not guessed: those calls are in [Prediction.Unsure],
// and the policy says nothing about them. Package installed, below this one,
// asks the engine itself.
package engines
