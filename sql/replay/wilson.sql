-- wilson_low and wilson_high: the 95 % Wilson score interval of a share seen in n; null when nothing was counted.
create or replace temp macro wilson_low(share, n) as (
    greatest(0, (
        share + 1.959963984540054 ^ 2 / (2 * n)
        - 1.959963984540054 * sqrt(greatest(0, share * (1 - share) / n + 1.959963984540054 ^ 2 / (4 * n * n)))
    ) / (1 + 1.959963984540054 ^ 2 / n))
);
create or replace temp macro wilson_high(share, n) as (
    least(1, (
        share + 1.959963984540054 ^ 2 / (2 * n)
        + 1.959963984540054 * sqrt(greatest(0, share * (1 - share) / n + 1.959963984540054 ^ 2 / (4 * n * n)))
    ) / (1 + 1.959963984540054 ^ 2 / n))
);
