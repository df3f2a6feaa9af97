-- title: Artificialisation, désartificialisation and net balance, by commune
-- definition: ground whose final status went from not artificialised to artificialised, and back;
--   net is the difference; revealed is the balance of artificialised ground whose status is unknown
--   at the other date. stock after − stock before = net + revealed, exactly. The impermeable twins
--   are the same of impermeable cover. Per year: divided by the years between the flights where
--   both are known, else between the nominal years (years_basis).
-- source: article R.101-1 of the code de l'urbanisme, décret n° 2023-1096 of 27 November 2023
-- unit: m² (computed in half square centimetres), m² per year
-- columns: series, commune, name, departement, year_before, year_after, the eight fluxes, each again
--   per year, years, years_basis, basis_before, basis_after (what the figures rest on: basis.csv)
WITH sums AS (
  SELECT
    series, commune, departement, year_before, year_after,
    SUM(CASE WHEN final_before = false AND final_after = true THEN area_half_cm2 ELSE 0 END)
      AS gained,
    SUM(CASE WHEN final_before = true AND final_after = false THEN area_half_cm2 ELSE 0 END)
      AS lost,
    SUM(CASE WHEN final_before IS NULL AND final_after = true THEN area_half_cm2
             WHEN final_before = true AND final_after IS NULL THEN -area_half_cm2
             ELSE 0 END) AS revealed,
    SUM(CASE WHEN impermeable_before = false AND impermeable_after = true THEN area_half_cm2
             ELSE 0 END) AS sealed,
    SUM(CASE WHEN impermeable_before = true AND impermeable_after = false THEN area_half_cm2
             ELSE 0 END) AS unsealed,
    SUM(CASE WHEN impermeable_before IS NULL AND impermeable_after = true THEN area_half_cm2
             WHEN impermeable_before = true AND impermeable_after IS NULL THEN -area_half_cm2
             ELSE 0 END) AS sealed_revealed
  FROM ledger
  GROUP BY series, commune, departement, year_before, year_after
),
filled AS (
  SELECT
    p.series, p.commune, p.name, p.departement, p.year_before, p.year_after,
    p.years, p.years_basis, b.basis AS basis_before, a.basis AS basis_after,
    COALESCE(s.gained, 0) AS gained, COALESCE(s.lost, 0) AS lost,
    COALESCE(s.revealed, 0) AS revealed, COALESCE(s.sealed, 0) AS sealed,
    COALESCE(s.unsealed, 0) AS unsealed, COALESCE(s.sealed_revealed, 0) AS sealed_revealed
  FROM commune_periods AS p
  LEFT JOIN sums AS s
    ON s.series = p.series AND s.commune = p.commune AND s.departement = p.departement
    AND s.year_before = p.year_before AND s.year_after = p.year_after
  LEFT JOIN basis AS b
    ON b.series = p.series AND b.commune = p.commune AND b.departement = p.departement
    AND b.year = p.year_before
  LEFT JOIN basis AS a
    ON a.series = p.series AND a.commune = p.commune AND a.departement = p.departement
    AND a.year = p.year_after
)
SELECT
  series, commune, name, departement, year_before, year_after,
  gained AS artificialised_half_cm2,
  lost AS desartificialised_half_cm2,
  gained - lost AS net_half_cm2,
  revealed AS revealed_half_cm2,
  sealed AS impermeabilised_half_cm2,
  unsealed AS desimpermeabilised_half_cm2,
  sealed - unsealed AS net_impermeable_half_cm2,
  sealed_revealed AS impermeable_revealed_half_cm2,
  CAST(gained AS DOUBLE) / 20000.0 / years AS artificialised_m2_per_year,
  CAST(lost AS DOUBLE) / 20000.0 / years AS desartificialised_m2_per_year,
  CAST(gained - lost AS DOUBLE) / 20000.0 / years AS net_m2_per_year,
  CAST(revealed AS DOUBLE) / 20000.0 / years AS revealed_m2_per_year,
  CAST(sealed AS DOUBLE) / 20000.0 / years AS impermeabilised_m2_per_year,
  CAST(unsealed AS DOUBLE) / 20000.0 / years AS desimpermeabilised_m2_per_year,
  CAST(sealed - unsealed AS DOUBLE) / 20000.0 / years AS net_impermeable_m2_per_year,
  CAST(sealed_revealed AS DOUBLE) / 20000.0 / years AS impermeable_revealed_m2_per_year,
  years, years_basis, basis_before, basis_after
FROM filled
ORDER BY series, departement, commune, year_before, year_after
