package main

import (
	"bytes"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// printTable prints rows in aligned columns. A row of one cell is a title, and begins the
// columns anew. On a terminal that is too narrow, what comes from column below on stands
// beneath its row.
func printTable(w io.Writer, rows [][]string, below int) error {
	var b bytes.Buffer
	align(&b, rows)
	if width := styleFor(w).Width; width > 0 && widest(b.String()) > width {
		var heads [][]string
		for _, row := range rows {
			heads = append(heads, row[:min(below, len(row))])
		}
		b.Reset()
		align(&b, heads)
		lines := strings.Split(b.String(), "\n")
		b.Reset()
		for i, row := range rows {
			b.WriteString(strings.TrimRight(lines[i], " ") + "\n")
			for _, cell := range row[min(below, len(row)):] {
				if cell != "" {
					b.WriteString(beneath)
				}
				fold(&b, cell, len(beneath), width)
			}
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// beneath is how far what stands beneath its row is indented.
const beneath = "      "

func align(w io.Writer, rows [][]string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		io.WriteString(tw, strings.Join(row, "\t")+"\n")
	}
	tw.Flush()
}

func widest(text string) (n int) {
	for line := range strings.Lines(text) {
		n = max(n, utf8.RuneCountInString(line)-1)
	}
	return n
}

// fold writes words on lines up to the width. The first goes on where the line is, at
// that column; the others are indented to it.
func fold(b io.StringWriter, text string, column, width int) {
	at := column
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case at == column:
		case at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", column))
			at = column
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += n
	}
	b.WriteString("\n")
}
