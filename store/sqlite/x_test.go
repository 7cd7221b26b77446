package sqlite
import ("testing";"os";"strings";"fmt";"time";"sort";"path/filepath")
func TestXRSS(t *testing.T) {
	rss := func(w string) { b, _ := os.ReadFile("/proc/self/status"); for _, l := range strings.Split(string(b), "\n") { if strings.HasPrefix(l, "VmRSS") { fmt.Println(w, l) } } }
	rss("start")
	t0 := time.Now()
	s := openTest(t, testPath(t))
	fmt.Println("fresh open", time.Since(t0))
	rss("open")
	n := testGroup(t, s, 1)
	mustAppend(t, s, n, 1, 100)
	checkLog(t, s, n, 100)
	rss("used")
}
func TestXLatency(t *testing.T) {
	s := openTest(t, testPath(t))
	names := benchGroups(t, s, 50)
	if v := os.Getenv("CKPT"); v != "" { s.writer.conn.exec("PRAGMA wal_autocheckpoint("+v+")") }
	var ds []time.Duration
	cpu := cpuTime()
	const N = 20000
	for i := range N {
		t0 := time.Now()
		mustAppend(t, s, names[i%50], i/50+1, 1)
		ds = append(ds, time.Since(t0))
	}
	cpu = cpuTime()-cpu
	sort.Slice(ds, func(i, j int) bool { return ds[i] < ds[j] })
	fmt.Println("ckpt", os.Getenv("CKPT"), "p50", ds[N/2], "p99", ds[N*99/100], "p99.9", ds[N*999/1000], "max", ds[N-1], "cpu", cpu/N)
}
func TestXBig(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "parley.db")
	s := openTest(t, path)
	names := benchGroups(t, s, 50)
	for i := range 20 { for _, n := range names { mustAppend(t, s, n, i*100+1, 100) } }
	// copy db+wal to another folder: as after a crash
	other := filepath.Join(t.TempDir(), "parley.db")
	for _, x := range []string{"", "-wal"} { b, err := os.ReadFile(path+x); if err != nil { t.Fatal(err) }; fmt.Println(x, len(b)); os.WriteFile(other+x, b, 0o600) }
	t0 := time.Now()
	s2 := openTest(t, other)
	fmt.Println("open after crash", time.Since(t0))
	checkLog(t, s2, names[0], 2000)
	mustClose(t, s2)
	t0 = time.Now()
	s2 = openTest(t, other)
	fmt.Println("open clean", time.Since(t0))
}
