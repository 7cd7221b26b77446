package s3

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctor of the program looks into the bucket, and says what is wrong in one
// line.
func TestDoctor(t *testing.T) {
	t.Parallel()
	g := shared(t)
	o := g.options()
	g.store(t, o)
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, secret, verdict, want string }{
		{"in order", secretKey, "ok", "takes files and gives them back"},
		{"wrong secret", "wrong-secret", "FAIL", "secret_access_key is wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			conf := filepath.Join(home, "tinode.conf")
			text := fmt.Sprintf(`{"data": %q, "listen": "127.0.0.1:0", "media": {"use_handler": "s3", "handlers": {"s3": {
				"access_key_id": %q, "secret_access_key": %q, "region": %q, "bucket": %q, "endpoint": %q, "force_path_style": true}}}}`,
				filepath.Join(home, "data"), accessKey, tt.secret, region, o.Bucket, o.Endpoint)
			if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			out, _ := exec.Command(program, "doctor", "--config", conf, "--json").Output() // fails if it finds something
			var list []struct{ Name, Verdict, Text, Cure string }
			if err := json.Unmarshal(out, &list); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, f := range list {
				if f.Name != "uploads" {
					continue
				}
				if f.Verdict != tt.verdict || !strings.Contains(f.Text, tt.want) || strings.Contains(f.Text, "\n") || strings.Contains(f.Text+f.Cure, tt.secret) {
					t.Errorf("got %+v, want %s and %q", f, tt.verdict, tt.want)
				}
				return
			}
			t.Errorf("nothing is said of it: %s", out)
		})
	}
}
