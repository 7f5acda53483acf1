// Silent is a prober that reports nothing.
package main

func main() {}
