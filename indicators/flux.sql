-- titre: Artificialisation, désartificialisation et solde
-- title: Artificialisation, désartificialisation and net balance
-- définition: terrain dont le statut final passe de non artificialisé à artificialisé, et
--   retour ; net est leur différence (artificialisation nette), revealed le solde du terrain
--   artificialisé dont le statut est inconnu à l'autre date. stock après − stock avant = net +
--   revealed, exactement. Les colonnes imperméables disent de même de la couverture
--   imperméable. Par an : divisé par les années entre les prises de vues quand elles sont
--   connues, sinon entre les années nominales (years_basis) ; vide pour un ensemble dont les
--   départements n'ont pas la même durée.
-- definition: ground whose final status went from not artificialised to artificialised, and
--   back; net is the difference; revealed is the balance of artificialised ground whose status
--   is unknown at the other date. stock after − stock before = net + revealed, exactly. The
--   impermeable twins are the same of impermeable cover. Per year: divided by the years between
--   the flights where both are known, else between the nominal years (years_basis).
-- source: article R.101-1 of the code de l'urbanisme, décret n° 2023-1096 of 27 November 2023
-- subject: OCS GE
-- unit: m², m² par an
-- columns: series, commune, name, departement, year_before, year_after, artificialised_m2,
--   desartificialised_m2, net_m2, revealed_m2, impermeabilised_m2, desimpermeabilised_m2,
--   net_impermeable_m2, impermeable_revealed_m2, artificialised_m2_per_year,
--   desartificialised_m2_per_year, net_m2_per_year, revealed_m2_per_year,
--   impermeabilised_m2_per_year, desimpermeabilised_m2_per_year, net_impermeable_m2_per_year,
--   impermeable_revealed_m2_per_year, years, years_basis, basis_before, basis_after
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
