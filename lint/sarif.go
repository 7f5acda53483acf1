package lint

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// SARIF writes findings as a log of the Static Analysis Results Interchange
// Format 2.1.0, which code hosts and editors read. The fingerprint of a finding
// stays when lines above it come or go.
func SARIF(w io.Writer, found []Finding) error {
	driver := sarifDriver{Name: "weir", InformationURI: "https://github.com/weir-dev/weir"}
	index := make(map[string]int, len(Rules))
	for i, r := range Rules {
		index[r.ID] = i
		driver.Rules = append(driver.Rules, sarifRule{ID: r.ID, ShortDescription: sarifText{r.Title}, HelpURI: r.Help()})
	}
	run := sarifRun{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: make([]sarifResult, 0, len(found))}
	same := make(map[string]int)
	for _, f := range found {
		text := f.message()
		if f.Hint != "" {
			text += "\n" + f.Hint
		}
		r := sarifResult{RuleID: f.Rule, RuleIndex: index[f.Rule], Level: f.Level.String(), Message: sarifText{text}}
		location := sarifPhysical{Artifact: sarifArtifact{uri(f.Pos.File)}}
		if f.Pos.Line > 0 {
			start := min(f.Pos.Column-1, len(f.Text))
			column := utf8.RuneCountInString(f.Text[:start]) + 1
			location.Region = &sarifRegion{f.Pos.Line, column, column + max(utf8.RuneCountInString(f.Text[start:start+f.Width]), 1)}
		}
		r.Locations = []sarifLocation{{location}}
		text = strings.TrimSpace(f.Text[:min(len(f.Text), 1000)]) // the whole of any line but a minified one
		key := f.Pos.File + "\x00" + f.Rule + "\x00" + text + "\x00" + f.Msg
		same[key]++
		r.PartialFingerprints = map[string]string{"weir/v1": fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, same[key])))[:32]}
		run.Results = append(run.Results, r)
	}
	return write(w, sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// uri spells a file name as a reference: relative ones are the reader's to
// resolve, against the root of a repository.
func uri(file string) string {
	file = filepath.ToSlash(file)
	if strings.HasPrefix(file, "/") {
		return (&url.URL{Scheme: "file", Path: file}).String()
	}
	return (&url.URL{Path: file}).String()
}

type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		HelpURI          string    `json:"helpUri"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndColumn   int `json:"endColumn"`
	}
)
