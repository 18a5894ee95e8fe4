# Figure of the comparison of methods, from the tables in `out`, to the folder `figures`.
set terminal pngcairo size 1500,640 font "DejaVu Sans,9" noenhanced
set output figures."/methods.png"
set grid lc rgb "#dddddd"
set border 3
set tics nomirror
set logscale x
set xlabel "MB sent by a worker"
set ylabel "test accuracy"
unset key
set offsets graph 0.05, graph 0.15, graph 0.03, graph 0.03
set multiplot layout 1,2
do for [part in "iid label-skew"] {
  set title part eq "iid" ? "iid shards" : "label-skewed shards, α = ".skew
  plot out."/".part.".dat" using 1:2:($1 * 0.1):($3 - $2) with vectors nohead lc rgb "#bbbbbb", \
    "" using 1:2 with points pt 7 ps 0.8 lc rgb "#0072B2", \
    "" using 1:3:4 with labels left offset 0.7,0 font "DejaVu Sans,7"
}
unset multiplot
