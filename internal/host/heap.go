package host

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// PaceCollector sets the collector's pace by what is live and by what collecting costs, where GOGC does not set it. It is for
// the whole process.
//
// While little is live, a heap may grow to least bytes before it is collected, which is later than the collector would. A larger
// one may grow by as much as is live, as ever, or by less where that costs next to nothing: memory without pointers, as that of
// answers, is cheap to collect.
func PaceCollector(least uint64) {
	if os.Getenv("GOGC") == "" {
		(&pace{least: least, percent: standard}).collected()
	}
}

const (
	standard = 100      // percent of what is live by which a heap grows, by the collector itself
	closest  = 12       // the least of it
	large    = 64 << 20 // bytes live
)

// dear is the part of the processor's time that collecting may cost for growing by less than the standard: the more is live, the
// more memory that spares.
func dear(live uint64) float64 { return 0.08 * min(float64(live)/large, 1) }

// pace follows the collector.
type pace struct {
	least   uint64
	percent int // in force

	gc, user float64 // seconds of the processor until the last collection
	cost     float64 // of collecting at the standard pace, as a part of the processor's time
}

// collected sets the pace of the next collection after one, and waits for that next one.
func (p *pace) collected() {
	in := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/cpu/classes/user:cpu-seconds"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}, // which costs nobody anything
	}
	metrics.Read(in)
	p.spent(in[2].Value.Float64()-in[3].Value.Float64(), in[1].Value.Float64())
	if percent := p.next(in[0].Value.Uint64()); p.worth(percent) {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.AddCleanup(new(*pace), func(p *pace) { p.collected() }, p) // what nobody holds goes with the next collection
}

// spent takes note of what collecting took at the pace in force, in seconds of the processor from the start, and all else.
func (p *pace) spent(gc, user float64) {
	const forgotten = 0.5 // seconds of the processor after which what was before no longer counts
	byGC, byUser := gc-p.gc, user-p.user
	p.gc, p.user = gc, user
	if byGC < 0 || byUser <= 0 {
		return
	}
	weight := min((byGC+byUser)/forgotten, 1)
	byGC *= float64(p.percent) / standard
	p.cost += weight * (byGC/(byGC+byUser) - p.cost)
}

// worth reports whether the pace is changed to the percentage. Each change stops the process, so a step to and fro is not.
func (p *pace) worth(percent int) bool {
	if percent > standard || p.percent > standard {
		return percent != p.percent
	}
	return 10*percent <= 7*p.percent || 10*percent >= 14*p.percent
}

// next is the percentage of what is live by which the heap may grow. It goes in steps, as each change stops the process for a
// moment, and so far only that the least heap that the runtime collects, which grows with it, is no larger than p.least.
func (p *pace) next(live uint64) int {
	const step, smallest = 50, 4 << 20 // bytes that the runtime collects at the standard pace
	if percent := int(p.least*100/max(live, 1)) - 100; percent > standard {
		return min(percent/step*step, int(p.least*standard/smallest))
	}
	percent := closest
	for most := dear(live); percent < standard && p.cost*standard > most*float64(percent); {
		percent += percent / 4
	}
	return min(percent, standard)
}
