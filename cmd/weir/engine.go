package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/internal/engines"
	"github.com/weir-dev/weir/internal/engines/installed"
	"github.com/weir-dev/weir/internal/explain"
	"github.com/weir-dev/weir/policy"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/verify"
)

// An engineReport is what explain --engine prints.
type engineReport struct {
	Profile string `json:"profile"`
	Engine  string `json:"engine"`
	Asked   bool   `json:"asked"` // or predicted

	Starts     engines.Start `json:"starts"`
	NoNewPrivs engines.Start `json:"noNewPrivs"` // the same with no_new_privs

	Refused []string `json:"weirRefuses,omitempty"` // what weir does not accept
	Lost    []string `json:"lost,omitempty"`        // what the engine passes over

	// Without calls: where the filter differs, from the profile to the engine.
	// Nil if there is no filter.
	Filter *report      `json:"filter,omitempty"`
	Unsure []unsureCall `json:"dependsOnTheEngine,omitempty"`

	Calls []engineCall `json:"calls,omitempty"`
}

// An unsureCall is a range of numbers about which there is no prediction.
type unsureCall struct {
	ABI  string `json:"abi"`
	Call string `json:"call"`
	Why  string `json:"why"`
}

// An engineQuestion is a profile, as it is meant and as an engine gets it.
type engineQuestion struct {
	engine    engines.Engine
	facts     seccomp.Facts
	written   *profile.Profile
	meant     *policy.Policy // of what is written
	given     *profile.Profile
	predicted *engines.Prediction
	filter    verify.Subject // what the engine attaches
}

func explainEngine(cmd *cobra.Command, name string, ask bool, args []string, flags *factFlags, read *readFlags, asJSON bool) error {
	if read.lenient {
		return errors.New("--lenient: engines are lenient by themselves")
	}
	if flags.arch == "all" {
		return errors.New("--engine is about one architecture at a time")
	}
	engine, err := engineNamed(name, ask)
	if err != nil {
		return err
	}
	facts, err := flags.facts()
	if err != nil {
		return err
	}
	var asked []calls.Call
	for _, text := range args[1:] {
		call, err := explain.ParseCall(text, facts.Arch)
		if err != nil {
			return withHint(err)
		}
		asked = append(asked, call)
	}
	r := engineReport{Profile: args[0], Engine: engine.String(), Asked: ask}
	q := engineQuestion{engine: engine, facts: facts}
	if err := q.read(&r, args[0], read, cmd.InOrStdin()); err != nil {
		return err
	}
	if q.predicted, err = engines.Predict(engine, q.given, facts); err != nil {
		return err
	}
	if read.as == "oci" {
		q.predicted.Ignored(q.written, facts)
	}
	r.Lost = q.predicted.Lost
	if ask {
		err = q.ask(cmd.Context(), &r)
	} else {
		q.predict(&r)
	}
	if err != nil {
		return err
	}
	if len(asked) > 0 {
		if r.Calls, err = q.calls(asked, ask); err != nil {
			return err
		}
	} else if q.filter.Policy != nil || q.filter.Filters != nil {
		q.compare(&r, ask)
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), r)
	}
	return r.print(cmd.OutOrStdout())
}

// engineNamed reads --engine, and takes the version of the installed one if none
// is named.
func engineNamed(name string, ask bool) (engines.Engine, error) {
	engine, versioned, err := engines.Parse(name)
	if err != nil {
		return engine, hintf(fmt.Errorf("--engine: %w", err), "it is runc or crun, or one with a version, such as runc:1.1.5")
	}
	if versioned && ask {
		return engine, hintf(errors.New("--ask asks the engine that is installed"), "name it without a version: --engine %s", engine.Name)
	}
	if versioned {
		return engine, nil
	}
	text, err := exec.Command(engine.Name, "--version").Output()
	switch {
	case errors.Is(err, exec.ErrNotFound) && !ask:
		return engine, nil
	case err != nil:
		return engine, fmt.Errorf("asking for the version of %s: %w", engine.Name, err)
	}
	found, err := engine.Found(string(text))
	if err != nil {
		return engine, hintf(fmt.Errorf("the version of %s: %w", engine.Name, err), "name it: --engine %v:%v", engine.Name, engine.Version)
	}
	return found, nil
}

// predict answers without the engine.
func (q *engineQuestion) predict(r *engineReport) {
	r.Starts, r.NoNewPrivs = q.predicted.Starts(false), q.predicted.Starts(true)
	if !q.predicted.Refused() {
		q.filter.Policy = q.predicted.Policy
	}
}

// ask has the installed engine answer.
func (q *engineQuestion) ask(ctx context.Context, r *engineReport) error {
	host, err := hostArch()
	switch {
	case err != nil:
		return err
	case host != q.facts.Arch:
		return fmt.Errorf("--ask asks on this machine, which is %s and not %s", host.Name(), q.facts.Arch.Name())
	case os.Geteuid() != 0:
		return hintf(errors.New("--ask takes root"), "it starts a container with %s and reads the filter of its process; without --ask it is predicted", q.engine.Name)
	case q.given.ListenerPath != "":
		return fmt.Errorf("--ask: the profile has a listenerPath, %s, and weir does not disturb who listens there", q.given.ListenerPath)
	}
	document, err := engines.Hand(q.given, q.facts)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	for _, start := range []*engines.Start{&r.Starts, &r.NoNewPrivs} {
		a, err := installed.Ask(ctx, q.engine.Name, installed.Question{Document: document, Arch: host, Caps: q.facts.Caps, NoNewPrivs: start == &r.NoNewPrivs})
		if err != nil {
			return err
		}
		start.Answer = "yes"
		if !a.Starts {
			*start = engines.Start{Answer: "no", Why: []string{a.Message}}
			continue
		}
		q.filter.Filters = nil
		for _, f := range a.Filters {
			q.filter.Filters = append(q.filter.Filters, f.Program)
		}
	}
	return nil
}

// read reads the profile twice: as weir does, and as the engine's caller does. What
// weir alone refuses is reported.
func (q *engineQuestion) read(r *engineReport, arg string, read *readFlags, stdin io.Reader) error {
	dialect, err := read.dialect()
	if err != nil {
		return err
	}
	file, src, err := readSource(arg, stdin)
	if err != nil {
		return err
	}
	r.Profile = file
	_, refused := profile.Parse(file, src, profile.Options{})
	if q.written, err = profile.Parse(file, src, profile.Options{Lenient: true}); err != nil {
		if engines.Unconfined(src) {
			err = hintf(err, "Docker, and containerd with runc, take this for no profile at all: the container is unconfined")
		}
		return orOfOtherForm(file, src, err)
	}
	if !q.written.Plain() {
		return hintf(fmt.Errorf("%s: it extends others, or names groups or constants, and only weir reads that", file), "weir flatten writes what engines read: weir flatten %s | weir explain --engine %s -", arg, q.engine.Name)
	}
	if q.given, err = profile.Parse(file, src, profile.Options{Lenient: true, Dialect: dialect}); err != nil {
		return err
	}
	if q.meant, _, err = policy.Resolve(q.written, q.facts, policy.Options{Lenient: true}); err != nil {
		return err
	}
	if refused == nil {
		_, _, refused = policy.Resolve(q.written, q.facts, policy.Options{})
	}
	var problems *profile.Error
	if errors.As(refused, &problems) {
		const most = 100 // nobody reads more
		for i, p := range problems.Problems {
			if i == most {
				r.Refused = append(r.Refused, fmt.Sprintf("and %d more", len(problems.Problems)-most))
				break
			}
			r.Refused = append(r.Refused, p.String())
		}
	}
	return nil
}
