// Command vectors asks robfig/cron v3.0.1, the library of the CronJob controller, when random schedules fire, and prints
// what tests/kinds/test_cron.py replays: go run . -n 900 -seed 1 > ../vectors.json
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// vector is one question and its answer. Ticks is null where the schedule is refused, and short where it ends.
type vector struct {
	Schedule string  `json:"schedule"`
	Zone     string  `json:"zone"`
	From     int64   `json:"from"`
	Ticks    []int64 `json:"ticks"`
}

// Zones whose clocks jump at midnight, by half an hour, by two hours, or never. None that is known to change its mind.
var zones = []string{
	"", "UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Los_Angeles", "America/Santiago",
	"America/Havana", "America/St_Johns", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut",
	"Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Australia/Sydney",
	"Pacific/Apia", "Pacific/Chatham", "Pacific/Auckland", "Antarctica/Troll", "Atlantic/Azores", "Nowhere/Land",
}

var fixed = []string{
	"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@reboot", "@every", "@every 90m",
	"@every 1h30m0.5s", "@every 0", "@every -5m", "@every 500ms", "@every 1.5h", "@every .1h", "@every 5", "@every 1h 5m",
	"@every 9223372037s", "@every 3us", "@every 2m3", "@Hourly", " @hourly", "", "* * * *", "* * * * * *", "0 0 31 2 *",
	"0 0 30 2 1", "59 23 29 2 *", "0 0 * * 7", "0 0 L * *", "0 0 * * SUN-SAT", "0 0 * jan,Mar mon-FRI", ", * * * *",
	"0 ,5 * * *", "0 0 ? * ?", "*-5 * * * *", "*/1 * * * *", "0 0 1-31 * 1", "0 0 */1 * 1", "0 0 */2 * 1", "0 0 1,*/1 * 2",
	"60 * * * *", "5-1 * * * *", "1-2-3 * * * *", "*/0 * * * *", "1/2/3 * * * *", "*/-1 * * * *", "+5 * * * *", "05 * * * *",
	"0 24 * * *", "0 0 0 * *", "0 0 * 13 *", "0 0 * 0 *", "1/ * * * *", "/5 * * * *", "a * * * *", "mon * * * *",
	"0 0 * * monday", "*/99 * * * *", "50/99 * * * *", "TZ=Europe/Berlin 30 2 * * *", "CRON_TZ=Asia/Tokyo  0 9 * * mon",
	"TZ=Nowhere/Land 0 0 * * *", "TZ= 0 0 * * *", "TZ=UTC @hourly", "TZ=UTC @every 45m", "TZ=UTC TZ=UTC 0 0 * * *",
}

func main() {
	n := flag.Int("n", 900, "how many random vectors")
	seed := flag.Int64("seed", 1, "of the random numbers")
	first := flag.Int("from", 2014, "the first year")
	years := flag.Int("years", 10, "how many years")
	flag.Parse()
	r := rand.New(rand.NewSource(*seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	edges := edgesOf(*first, *years)
	from := time.Date(*first, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	fmt.Fprint(out, "[") // from 2012 on: robfig never ends on the day that Samoa skipped in 2011
	for i := 0; i < len(fixed)+*n; i++ {
		zone := zones[r.Intn(len(zones))]
		at := from + r.Int63n(int64(*years)*365*86400)
		if jumps := edges[zone]; len(jumps) > 0 && r.Intn(2) == 0 {
			at = jumps[r.Intn(len(jumps))] - r.Int63n(2*86400)
		}
		schedule := random(r)
		if i < len(fixed) {
			schedule = fixed[i]
		}
		line, err := json.Marshal(vector{schedule, zone, at, ticks(schedule, zone, at)})
		if err != nil {
			panic(err)
		}
		if i > 0 {
			fmt.Fprint(out, ",")
		}
		fmt.Fprintf(out, "\n%s", line)
	}
	fmt.Fprintln(out, "\n]")
}

// ticks does as the controller's formatSchedule: the zone goes in front, unless the schedule names its own.
func ticks(schedule, zone string, at int64) []int64 {
	if zone != "" && !strings.Contains(schedule, "TZ") {
		schedule = "TZ=" + zone + " " + schedule
	}
	parsed, err := cron.ParseStandard(schedule)
	if err != nil {
		return nil
	}
	found := []int64{}
	for tick := time.Unix(at, 0).UTC(); len(found) < 4; {
		if tick = parsed.Next(tick); tick.IsZero() {
			break
		}
		found = append(found, tick.Unix())
	}
	return found
}

// edgesOf finds the instants at which a zone's clock jumps.
func edgesOf(first, years int) map[string][]int64 {
	edges := map[string][]int64{}
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		if err != nil {
			continue
		}
		end := time.Date(first+years, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		for at := time.Date(first, 1, 1, 0, 0, 0, 0, time.UTC).Unix(); at < end; at += 1800 {
			_, before := time.Unix(at-1800, 0).In(location).Zone()
			if _, after := time.Unix(at, 0).In(location).Zone(); before != after {
				edges[zone] = append(edges[zone], at)
			}
		}
	}
	return edges
}

func random(r *rand.Rand) string {
	switch r.Intn(20) {
	case 0:
		return fmt.Sprintf("@every %d%s", 1+r.Intn(200), []string{"s", "m", "h"}[r.Intn(3)])
	case 1:
		return fmt.Sprintf("@every %dh%d.%dm", r.Intn(30), r.Intn(90), r.Intn(1000))
	case 2, 3, 4, 5: // the hours in which clocks jump
		return fmt.Sprintf("%s %d %s %s %s", field(r, 0, 59, 1), r.Intn(5), field(r, 1, 31, 3), field(r, 1, 12, 4), field(r, 0, 6, 3))
	}
	return strings.Join([]string{field(r, 0, 59, 2), field(r, 0, 23, 2), field(r, 1, 31, 3), field(r, 1, 12, 4), field(r, 0, 6, 3)}, " ")
}

var names = map[int][]string{12: {"JAN", "feb", "Mar", "apr", "may", "DEC"}, 6: {"sun", "MON", "Tue", "fri", "SAT"}}

// field is a star in stars of stars+1 cases.
func field(r *rand.Rand, low, high, stars int) string {
	if r.Intn(stars+1) > 0 {
		return []string{"*", "*", "*", "*", "?", "*/" + fmt.Sprint(1+r.Intn(high+2))}[r.Intn(6)]
	}
	parts := make([]string, 1+r.Intn(2)*r.Intn(3))
	for i := range parts {
		from := low + r.Intn(high-low+1)
		to := from + r.Intn(high-from+1)
		switch r.Intn(12) {
		case 0, 1:
			parts[i] = fmt.Sprintf("%d-%d", from, to)
		case 2:
			parts[i] = fmt.Sprintf("%d-%d/%d", from, to, 1+r.Intn(5))
		case 3:
			parts[i] = fmt.Sprintf("%d/%d", from, 1+r.Intn(high))
		case 4:
			parts[i] = fmt.Sprint(r.Intn(high + 4)) // now and then beyond the bounds
		case 5:
			if known := names[high]; known != nil {
				parts[i] = known[r.Intn(len(known))]
				break
			}
			fallthrough
		default:
			parts[i] = fmt.Sprint(from)
		}
	}
	return strings.Join(parts, ",")
}
