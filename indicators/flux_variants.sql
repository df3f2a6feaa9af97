-- titre: Artificialisation selon la variante de la règle
-- title: Artificialisation by variant of the rule
-- définition: les mêmes flux selon plusieurs statuts : tel que publié ; par la matrice seule, sans les seuils
--   ni le forçage ; une fois mis à part le terrain exempté (parcs publics, photovoltaïque) ; et, où les deux
--   millésimes portent celui du producteur, par celui-ci (différence de ses états). threshold
--   est le flux publié dont ni la couverture ni l'usage ne changent : un effet de seuil.
-- definition: the same fluxes by several statuses: as published; by the matrix alone, without thresholds
--   and forcing; with exempted ground set aside (public parks, photovoltaics); and, where both vintages carry
--   the producer's, by that (the difference of its states). threshold is the
--   published flux of ground whose cover and use do not change: an effect of the thresholds.
-- source: article R.101-1 du code de l'urbanisme, décret n° 2023-1096 du 27 novembre 2023 ; les variantes
--   sont de Millésime
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year_before, year_after, variant, artificialised_m2,
--   desartificialised_m2, net_m2, threshold_artificialised_m2, threshold_desartificialised_m2
WITH sums AS (
  SELECT
    series, commune, departement, year_before, year_after, 'published' AS variant,
    SUM(CASE WHEN final_before = false AND final_after = true THEN area_half_cm2 ELSE 0 END)
      AS gained,
    SUM(CASE WHEN final_before = true AND final_after = false THEN area_half_cm2 ELSE 0 END)
      AS lost,
    SUM(CASE WHEN final_before = false AND final_after = true AND cause = 'threshold'
             THEN area_half_cm2 ELSE 0 END) AS threshold_gained,
    SUM(CASE WHEN final_before = true AND final_after = false AND cause = 'threshold'
             THEN area_half_cm2 ELSE 0 END) AS threshold_lost
  FROM ledger
  GROUP BY series, commune, departement, year_before, year_after
  UNION ALL
  SELECT
    series, commune, departement, year_before, year_after, 'matrix' AS variant,
    SUM(CASE WHEN matrix_before = false AND matrix_after = true THEN area_half_cm2 ELSE 0 END)
      AS gained,
    SUM(CASE WHEN matrix_before = true AND matrix_after = false THEN area_half_cm2 ELSE 0 END)
      AS lost,
    SUM(CASE WHEN matrix_before = false AND matrix_after = true AND cause = 'threshold'
             THEN area_half_cm2 ELSE 0 END) AS threshold_gained,
    SUM(CASE WHEN matrix_before = true AND matrix_after = false AND cause = 'threshold'
             THEN area_half_cm2 ELSE 0 END) AS threshold_lost
  FROM ledger
  GROUP BY series, commune, departement, year_before, year_after
  UNION ALL
  SELECT
    series, commune, departement, year_before, year_after, 'with exemptions' AS variant,
    SUM(CASE WHEN exempted_before = false AND exempted_after = true THEN area_half_cm2 ELSE 0 END)
      AS gained,
    SUM(CASE WHEN exempted_before = true AND exempted_after = false THEN area_half_cm2 ELSE 0 END)
      AS lost,
    SUM(CASE WHEN exempted_before = false AND exempted_after = true AND cause = 'threshold'
             THEN area_half_cm2 ELSE 0 END) AS threshold_gained,
    SUM(CASE WHEN exempted_before = true AND exempted_after = false AND cause = 'threshold'
             THEN area_half_cm2 ELSE 0 END) AS threshold_lost
  FROM ledger
  GROUP BY series, commune, departement, year_before, year_after
  UNION ALL
  SELECT
    series, commune, departement, year_before, year_after, 'official' AS variant,
    SUM(CASE WHEN official_before = false AND official_after = true THEN area_half_cm2 ELSE 0 END)
      AS gained,
    SUM(CASE WHEN official_before = true AND official_after = false THEN area_half_cm2 ELSE 0 END)
      AS lost,
    SUM(CASE WHEN official_before = false AND official_after = true AND cause = 'threshold'
             THEN area_half_cm2 ELSE 0 END) AS threshold_gained,
    SUM(CASE WHEN official_before = true AND official_after = false AND cause = 'threshold'
             THEN area_half_cm2 ELSE 0 END) AS threshold_lost
  FROM ledger
  WHERE official_before IS NOT NULL AND official_after IS NOT NULL
  GROUP BY series, commune, departement, year_before, year_after
)
SELECT
  series, commune, departement, year_before, year_after, variant,
  gained AS artificialised_half_cm2,
  lost AS desartificialised_half_cm2,
  gained - lost AS net_half_cm2,
  threshold_gained AS threshold_artificialised_half_cm2,
  threshold_lost AS threshold_desartificialised_half_cm2
FROM sums
ORDER BY series, departement, commune, year_before, year_after, variant
