package compose

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/weir-dev/weir/calls"
	"github.com/weir-dev/weir/profile"
	"github.com/weir-dev/weir/seccomp"
	"github.com/weir-dev/weir/syscalls"
)

// An object is one of a JSON schema. It is written with its keys in order.
type object map[string]any

// Schema returns the JSON Schema (draft 2020-12) of a profile file: Docker's dialect,
// the OCI's, Podman's and weir's own in one, for editors to complete and check by.
// What it accepts is what [Parse] reads without an error, as far as a schema can
// tell: it does not know which files there are, what the numbers of a condition
// mean, or that an unknown name in a rule that allows is no error.
func Schema() []byte {
	some := object{"type": "array", "minItems": 1}
	doc := object{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "Seccomp profile",
		"description": fmt.Sprintf("A seccomp profile as weir reads it: the dialects of Docker, the OCI and Podman, with extends, groups of calls and constants. Calls up to Linux %s.", syscalls.Release),
		"type":        "object",
		"required":    []string{"defaultAction"},
		"properties":  topProperties(),
		"dependentSchemas": object{
			"extends": object{
				"if":   object{"properties": object{"extends": some}},
				"then": object{"required": []string{"syscalls"}, "properties": object{"syscalls": some}},
			},
			"defaultErrnoRet":  takesErrno("defaultAction"),
			"defaultErrno":     takesErrno("defaultAction"),
			"listenerMetadata": object{"required": []string{"listenerPath"}},
		},
		"not": object{
			"required":   []string{"architectures", "archMap"},
			"properties": object{"architectures": some, "archMap": some},
		},
		"$defs": object{
			"rule": object{
				"type":     "object",
				"required": []string{"action"},
				"anyOf":    []object{{"required": []string{"names"}}, {"required": []string{"name"}}},
				"not": object{
					"required":   []string{"names", "name"},
					"properties": object{"names": some, "name": object{"minLength": 1}},
				},
				"properties":           ruleProperties(),
				"additionalProperties": false,
				"dependentSchemas":     object{"errnoRet": takesErrno("action"), "errno": takesErrno("action")},
			},
			"condition": object{
				"type":                 "object",
				"description":          "What an argument of the call must be. All conditions of a rule must hold; but if one argument is there twice, any one is enough.",
				"required":             []string{"index", "op", "value"},
				"properties":           conditionProperties(),
				"additionalProperties": false,
			},
			"filter": object{
				"type":                 []string{"object", "null"},
				"properties":           filterProperties(),
				"additionalProperties": false,
			},
			"call":         object{"anyOf": []object{{"enum": callNames()}, {"enum": syscalls.Groups()}}},
			"action":       object{"enum": actionNames()},
			"architecture": object{"enum": texts(seccomp.Archs())},
			"errno":        object{"anyOf": []object{{"enum": errnoNames()}, {"pattern": "^[0-9]*$"}}},
			"operand": object{"anyOf": []object{
				{"type": "integer", "minimum": 0, "maximum": ^uint64(0)},
				{"enum": calls.Constants()},
				{"type": "string", "pattern": `^[-~( \t]*[A-Za-z0-9_][-~()|< \tA-Za-z0-9_]*$`, "not": object{"pattern": "^([0-9][0-9_]*|0[xX][0-9a-fA-F_]+)$"}},
			}},
		},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	if err := e.Encode(doc); err != nil {
		panic("compose: strings and numbers do not encode: " + err.Error())
	}
	return b.Bytes()
}

func topProperties() object {
	return object{
		"$schema": object{"type": "string", "description": "Where this schema is, for editors."},
		"extends": list(object{"type": "string", "minLength": 1, "examples": []string{"builtin"}},
			"What this profile is written on top of: builtin (Docker's default), files relative to this one, or profiles in a registry by their digest (oci://NAME@sha256:HEX). The rules here decide first; of the answers of what is extended the strictest wins."),
		"defaultAction":    described("action", "What happens to a call that no rule decides about."),
		"defaultErrnoRet":  errnoRet("defaultAction"),
		"defaultErrno":     described("errno", "Podman's defaultErrnoRet: a name or a number."),
		"architectures":    list(ref("architecture"), "The ABIs that are filtered, beside the machine's own. Calls of all others kill the thread."),
		"archMap":          list(archMapEntry(), "Docker's: for each architecture of a machine, the ABIs that are filtered beside it. Instead of architectures."),
		"flags":            list(object{"enum": flagNames()}, "How the filter is loaded. Without it the runtime chooses."),
		"listenerPath":     object{"type": "string", "description": "The socket to which the listener of SCMP_ACT_NOTIFY is sent."},
		"listenerMetadata": object{"type": "string", "description": "What is sent along with the listener."},
		"syscalls":         list(ref("rule"), "The rules. Of two without conditions on one call the first wins; otherwise the stricter action."),
	}
}

func archMapEntry() object {
	return object{
		"type":     "object",
		"required": []string{"architecture"},
		"properties": object{
			"architecture":     ref("architecture"),
			"subArchitectures": list(ref("architecture"), "The ABIs beside it."),
		},
	}
}

func ruleProperties() object {
	return object{
		"names":    list(ref("call"), "The calls that the rule is about: names, or groups that begin with @."),
		"name":     object{"anyOf": []object{ref("call"), {"const": ""}}, "description": "One call, as in old profiles of Docker."},
		"action":   described("action", "What happens to the calls if the conditions hold."),
		"errnoRet": errnoRet("action"),
		"errno":    described("errno", "Podman's errnoRet: a name or a number."),
		"args":     list(ref("condition"), "Conditions on the arguments."),
		"comment":  object{"type": "string", "description": "For people. weir:ignore WEIR003 in it silences a finding of weir lint."},
		"includes": described("filter", "Docker's: the rule is there only if all of this holds."),
		"excludes": described("filter", "Docker's: the rule is not there if any of this holds."),
	}
}

func conditionProperties() object {
	return object{
		"index":    object{"type": "integer", "minimum": 0, "maximum": 5, "description": "The argument, from 0."},
		"op":       object{"enum": texts(seccomp.Ops[:]), "description": "SCMP_CMP_MASKED_EQ: the argument under the mask value equals valueTwo."},
		"value":    described("operand", "What the argument is compared with, or the mask: a number, or constants such as \"CLONE_NEWUSER|CLONE_NEWNS\"."),
		"valueTwo": described("operand", "What the masked argument must be, with SCMP_CMP_MASKED_EQ."),
	}
}

func filterProperties() object {
	return object{
		"caps":      list(object{"enum": texts(seccomp.AllCaps.List())}, "Capabilities in the bounding set."),
		"arches":    list(object{"enum": profile.Arches()}, "The architecture of the machine, in Docker's spelling."),
		"minKernel": object{"type": "string", "pattern": `^([0-9]{1,3}\.[0-9]{1,3})?$`, "description": "The kernel is this version or newer, such as 4.8."},
	}
}

func ref(def string) object { return object{"$ref": "#/$defs/" + def} }

func described(def, description string) object {
	return object{"$ref": "#/$defs/" + def, "description": description}
}

// list may be null: that is the same as none, and some tools write it.
func list(items object, description string) object {
	return object{"type": []string{"array", "null"}, "items": items, "description": description}
}

func errnoRet(action string) object {
	return object{"type": "integer", "minimum": 0, "maximum": 65535,
		"description": fmt.Sprintf("The errno of SCMP_ACT_ERRNO (at most %d, EPERM without it), or the message of SCMP_ACT_TRACE, as %s.", seccomp.MaxErrno, action)}
}

// takesErrno is what an errno needs beside it.
func takesErrno(action string) object {
	return object{"properties": object{action: object{"enum": []string{seccomp.ActErrno.String(), seccomp.ActTrace.String()}}}}
}

func callNames() []string {
	var names []string
	for c := range syscalls.Calls() {
		names = append(names, c.String())
	}
	return names
}

func actionNames() []string {
	return append(texts(seccomp.Actions[:]), "SCMP_ACT_KILL") // the old name of KILL_THREAD
}

func flagNames() []string {
	var names []string
	for f := seccomp.Flag(1); f != 0; f <<= 1 {
		if _, ok := seccomp.ParseFlag(f.String()); ok {
			names = append(names, f.String())
		}
	}
	return names
}

func errnoNames() []string {
	var names []string
	for e := seccomp.Errno(1); e <= seccomp.MaxErrno; e++ {
		if name := e.String(); name[0] == 'E' {
			names = append(names, name)
		}
	}
	return names
}

func texts[T fmt.Stringer](values []T) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.String())
	}
	return out
}
