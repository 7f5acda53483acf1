//go:build linux && !amd64

package main

import "github.com/weir-dev/weir/internal/kerneltest"

func int80(*kerneltest.Call) kerneltest.Result { return kerneltest.Result{} }

func catchTrap() error { return nil }

func trap() (data uint32, trapped bool) { return 0, false }
