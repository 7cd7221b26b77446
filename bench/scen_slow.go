//go:build linux

package bench

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// slowRun are the flags of the scenario slow.
type slowRun struct {
	flowFlags
	rcvBufBytes int
	control     bool
}

func slowScenario(fs *flag.FlagSet) runFunc {
	o := &slowRun{}
	o.define(fs, kindGroup)
	fs.IntVar(&o.rcvBufBytes, "rcvbuf", 4096, "receive buffer of the slow subscriber")
	fs.BoolVar(&o.control, "control", false, "the extra subscriber does read: shows what noise alone does")
	return o.run
}

// run measures a busy group, has somebody join who then reads nothing any more, and measures again.
func (o *slowRun) run(ctx context.Context, e *env) (result, error) {
	users, err := e.ensureUsers(ctx, o.users()+1, o.group.anonymous)
	if err != nil {
		return result{}, err
	}
	f, err := o.build(ctx, e, users)
	if err != nil {
		return result{}, err
	}
	defer e.hangUp(f)
	f.start()
	defer f.stop()
	if err := f.wait(ctx, o.warm); err != nil {
		return result{}, err
	}
	before := memoryOf(e.pid)
	without, err := f.measure(ctx, e.target, o.d)
	if err != nil {
		return result{}, err
	}
	topic, _ := skimStr(f.pubs[0].tmpl.buf, "topic")
	slow, err := e.connectWith(ctx, users[o.users()], nil, dialOptions{rcvBufBytes: o.rcvBufBytes})
	if err != nil {
		return result{}, err
	}
	defer slow.abort()
	if _, err := slow.sub(ctx, string(topic)); err != nil {
		return result{}, err
	}
	gone, stopWatching := watchDrop(e.addr.addr.Port, slow.localPort())
	defer stopWatching()
	if !o.control {
		slow.stopReading()
	}
	with, err := f.measure(ctx, e.target, o.d)
	if err != nil {
		return result{}, err
	}
	after := memoryOf(e.pid)
	f.stop() // from here on nothing is recorded any more
	r := slowReport(without, with, before, after)
	select {
	case d := <-gone:
		r.add("slow_dropped_after_s", d.Seconds())
	default:
		r.add("slow_still_connected", 1)
	}
	return r, nil
}

func slowReport(without, with flowStats, before, after memory) result {
	perDelivery := func(s flowStats) float64 {
		return float64(s.usage.server.Microseconds()) / float64(s.counts.deliveries)
	}
	var r result
	r.add("without_delivered_per_s", float64(without.counts.deliveries)/without.usage.wall.Seconds())
	r.latency("without_data", without.one)
	r.add("with_delivered_per_s", float64(with.counts.deliveries)/with.usage.wall.Seconds())
	r.latency("with_data", with.one)
	r.add("without_cpu_us_per_delivery", perDelivery(without))
	r.add("with_cpu_us_per_delivery", perDelivery(with))
	r.quiet("without_"+othersMetric, without.usage.percent(without.usage.other))
	r.quiet("with_"+othersMetric, with.usage.percent(with.usage.other))
	r.add("rss_before_mb", mb(before.rss))
	r.add("rss_after_mb", mb(after.rss))
	r.add("others_dropped", float64(with.counts.closed))
	r.add("lost", float64(with.counts.lost))
	return r
}

// watchDrop tells after how long the server let go of the connection from the given port. The
// caller must call stop, which waits for the end of the watching.
func watchDrop(serverPort, clientPort int) (gone <-chan time.Duration, stop func()) {
	began := time.Now()
	found := make(chan time.Duration, 1)
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				if !heldByServer(serverPort, clientPort) {
					found <- time.Since(began)
					return
				}
			}
		}
	}()
	return found, func() { close(quit); <-ended }
}

// heldByServer says whether a process still holds the server's end of the connection from the
// given port; an orphaned socket has no inode.
func heldByServer(serverPort, clientPort int) bool {
	local, remote := fmt.Sprintf(":%04X", serverPort), fmt.Sprintf(":%04X", clientPort)
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(name)
		if err != nil {
			continue
		}
		held := false
		for lines := bufio.NewScanner(file); !held && lines.Scan(); {
			f := strings.Fields(lines.Text())
			held = len(f) > 9 && strings.HasSuffix(f[1], local) && strings.HasSuffix(f[2], remote) && f[9] != "0"
		}
		file.Close()
		if held {
			return true
		}
	}
	return false
}
