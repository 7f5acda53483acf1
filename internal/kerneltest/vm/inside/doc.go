// Package inside has the tests that run nowhere but in the virtual machines of the package vm: of limits that the
// kernel keeps, in a tree of cgroups that may be rearranged.
package inside
