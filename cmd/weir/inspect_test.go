package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/weir-dev/weir/internal/kerneltest"
)

// Docker says the same of the same image, under the same keys.
func TestInspectSaysWhatDockerSays(t *testing.T) {
	kerneltest.Require(t, kerneltest.Root, kerneltest.Tool("busybox"), kerneltest.Tool("dockerd"), kerneltest.Tool("docker"))
	dir := t.TempDir()
	t.Setenv("WEIR_ROOT", filepath.Join(dir, "store"))
	docker := startDocker(t, filepath.Join(dir, "docker"))
	root, tar := filepath.Join(dir, "root"), filepath.Join(dir, "root.tar")
	busyboxRoot(t, root)
	command(t, "tar", "-C", root, "-cf", tar, ".")
	linked := 0.0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			target, _ := os.Readlink(path)
			linked += float64(len(target))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	docker("import", "-c", "ENV A=b C=d", "-c", "WORKDIR /w", "-c", "USER 1:2", "-c", `ENTRYPOINT ["/bin/e"]`, "-c", `CMD ["c"]`,
		"-c", "EXPOSE 80/tcp", "-c", "LABEL k=v", "-c", "VOLUME /v", "-c", "ONBUILD RUN x",
		"-c", "HEALTHCHECK --interval=5s CMD true", tar, "rich:1")
	docker("tag", "rich:1", "another/name")
	docker("import", tar, "poor")
	saved := filepath.Join(dir, "saved.tar")
	docker("save", "-o", saved, "rich:1", "another/name", "poor")
	command(t, "weir", "load", "-i", saved)

	for _, name := range []string{"rich:1", "poor"} {
		theirs := inspectedImage(t, docker("image", "inspect", name))
		ours := inspectedImage(t, command(t, "weir", "inspect", name))
		// Docker counts also the names that symbolic links have in them.
		theirs["Size"] = theirs["Size"].(float64) - linked
		for key, value := range ours {
			if key == "Config" {
				compareConfigs(t, name, theirs[key].(map[string]any), value.(map[string]any))
			} else if !reflect.DeepEqual(value, theirs[key]) {
				t.Errorf("%s: %s is %v, Docker says %v", name, key, value, theirs[key])
			}
		}
		for _, key := range strings.Fields("Id RepoTags RepoDigests Created Config Architecture Os Size RootFS") {
			if _, ok := ours[key]; !ok {
				t.Errorf("%s has no %s", name, key)
			}
		}
	}
}

// compareConfigs wants all that Docker has, but for what it adds of its own that says nothing.
func compareConfigs(t *testing.T, name string, theirs, ours map[string]any) {
	t.Helper()
	for key, value := range ours {
		if !reflect.DeepEqual(value, theirs[key]) {
			t.Errorf("%s: Config.%s is %v, Docker says %v", name, key, value, theirs[key])
		}
	}
	for key, value := range theirs {
		if _, ok := ours[key]; !ok && value != nil && !reflect.ValueOf(value).IsZero() {
			t.Errorf("%s: Docker says that Config.%s is %v", name, key, value)
		}
	}
}

func inspectedImage(t *testing.T, text string) map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
		t.Fatalf("%v\n%s", err, text)
	}
	return list[0]
}
