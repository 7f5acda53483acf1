// Weir-init is the first process of a container that weir cannot make itself: a plain
// user's, which is in a user namespace, for only a process without other threads can enter
// one; and any container on a processor that package first is not for.
//
// The launcher (internal/container) starts it from a sealed memory file and hands it a
// plan. It makes the container around itself (internal/container/inside) and becomes its
// program. A failure is left in memory that the launcher shares.
//
// It is written to start fast: small, no package that initialises anything. GOGC=off in
// its environment keeps the collector away.
package main
