package manpage

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
)

func TestPage(t *testing.T) {
	root := &cobra.Command{Use: "tool", Short: "does things"}
	root.AddGroup(&cobra.Group{ID: "g", Title: "Group:"})
	verb := &cobra.Command{
		Use: "verb [flags] FILE", Short: "Do it", GroupID: "g", Run: func(*cobra.Command, []string) {},
		Long: `First line, second
line with a \ and a 'quote'.

.dots at the begin:
  verbatim  -x
and on.`,
		Example: "  tool verb a\n  tool verb b",
	}
	verb.Flags().StringP("out-file", "o", "x.txt", "where to")
	verb.Flags().Bool("quiet", false, "say nothing")
	verb.Flags().Int("count", 0, "how `many`")
	verb.Flags().Bool("secret", false, "")
	verb.Flags().MarkHidden("secret")
	elsewhere := &cobra.Command{Use: "elsewhere", Short: "Is another program's", GroupID: "g", DisableFlagParsing: true, Run: verb.Run}
	root.AddCommand(verb, elsewhere)

	dir := t.TempDir()
	if err := Write(dir, root, Section{"FILES", "None."}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"tool-verb.1": `.TH TOOL-VERB 1 "" "tool" "tool manual"
.SH NAME
tool\-verb \- Do it
.SH SYNOPSIS
.nf
\fBtool verb [flags] FILE\fR
.fi
.SH DESCRIPTION
First line, second
line with a \e and a \(aqquote\(aq.
.PP
\&.dots at the begin:
.RS 4
.nf
verbatim  \-x
.fi
.RE
and on.
.SH OPTIONS
.TP
\fB\-\-count\fR \fImany\fR
how many
.TP
\fB\-o\fR, \fB\-\-out\-file\fR \fIVALUE\fR
where to (default: x.txt)
.TP
\fB\-\-quiet\fR
say nothing
.SH EXAMPLES
.RS 4
.nf
tool verb a
tool verb b
.fi
.RE
.SH SEE ALSO
tool(1), tool\-elsewhere(1)
`,
		"tool.1": `.TH TOOL 1 "" "tool" "tool manual"
.SH NAME
tool \- does things
.SH SYNOPSIS
.nf
\fBtool COMMAND [ARG...]\fR
.fi
.SH DESCRIPTION
does things.
.SH COMMANDS
.SS Group
.TP
\fBtool\-elsewhere\fR(1)
Is another program\(aqs.
.TP
\fBtool\-verb\fR(1)
Do it.
.SH FILES
None.
.SH SEE ALSO
seccomp(2), capabilities(7), namespaces(7)
`,
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(b) != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, b, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "tool-elsewhere.1")); err == nil {
		t.Error("there is a page for another program's verb")
	}
}
