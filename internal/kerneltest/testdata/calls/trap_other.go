//go:build linux && !amd64

package main

func catchTrap() error { return nil }

func trap() (data uint32, trapped bool) { return 0, false }
