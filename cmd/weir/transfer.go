package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"os/signal"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weir-dev/weir/internal/sys"
)

// transferCommand is a verb that weir-images has: its flags, its help and its
// work are there, and here is only what weir's own help shows of it.
func transferCommand(use, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use:                use,
		Short:              short,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return transfer(cmd, cmd.OutOrStdout(), append([]string{cmd.Name()}, args...)...)
		},
	}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		_ = transfer(cmd, cmd.OutOrStdout(), cmd.Name(), "--help")
	})
	return cmd
}

// transfer runs weir-images. If anything is wrong there, it says so on stderr, and
// the error here adds nothing to it.
func transfer(cmd *cobra.Command, stdout io.Writer, args ...string) error {
	return runImages(cmd.Context(), cmd.InOrStdin(), stdout, cmd.ErrOrStderr(), args...)
}

func runImages(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) error {
	program, err := sys.Memfd("weir-images", 0, unix.MFD_EXEC)
	if err != nil {
		return fmt.Errorf("start weir-images: make a memory file: %w", err)
	}
	defer program.Close()
	if _, err := program.Write(weirImages); err != nil {
		return fmt.Errorf("start weir-images: %w", err)
	}
	// What is half done is removed before it ends, and that is waited for: not for ever, as it may wait for input,
	// and not after a second signal.
	ctx, stop := signal.NotifyContext(ctx, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	context.AfterFunc(ctx, stop)
	defer stop()
	child := exec.CommandContext(ctx, fmt.Sprintf("/proc/self/fd/%d", program.Fd()), args...)
	child.Cancel = func() error { return child.Process.Signal(unix.SIGTERM) }
	child.WaitDelay = 5 * time.Second
	child.Args[0] = "weir"
	// Weir may be killed. The kernel tells by the thread that made the child, so it is this one to the end.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	child.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	child.Stdin, child.Stdout, child.Stderr = stdin, stdout, stderr
	err = child.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) || ctx.Err() != nil {
		return &exitError{code: 2}
	}
	if err != nil {
		return fmt.Errorf("start weir-images: %w", err)
	}
	return nil
}
